/** Files of users as people export them, and what is said of those that are wrong. */
import t from "tap";
import { readUsers, type UserColumns } from "../../src/config/read-users.ts";

const read = (text: string, columns?: UserColumns) => readUsers("people", text, columns);
const problems = (text: string, columns?: UserColumns) => read(text, columns).problems.map(({ line, message }) => `${line}: ${message}`);
const ALLEN = { name: "allen", fullName: "Allen Allbrook", email: "allen@example.com" };

t.test("the columns of the usual exports are recognised", async (t) => {
  for (const header of [
    "Login Name,Full Name,Email Address",
    "login_name,full_name,email",
    "sAMAccountName,displayName,mail",
    "userName,displayName,E-Mail",
    "Remedy Login ID,Full Name,Internet E-mail",
  ])
    t.strictSame(read(`${header}\nallen,Allen Allbrook,allen@example.com\n`), { users: [ALLEN], problems: [] }, header);
});

t.test("a spreadsheet's CSV is read: a byte order mark, semicolons, quotes, line breaks of Windows, empty lines", async (t) => {
  const text = '\uFEFF"Login Name";Full Name;Email Address\r\nallen;"Allen ""Al""; Allbrook";\r\n\r\n  bob ;;\r\n';
  t.strictSame(read(text), { users: [{ name: "allen", fullName: 'Allen "Al"; Allbrook' }, { name: "bob" }], problems: [] });
});

t.test("JSON is an array of objects, whatever else they hold; null is nothing", async (t) => {
  const text = JSON.stringify([
    { status: 1, loginName: "allen", fullName: "Allen Allbrook", email: "allen@example.com" },
    { loginName: "b", email: null },
  ]);
  t.strictSame(read(text), { users: [ALLEN, { name: "b" }], problems: [] });
  t.strictSame(read("[]"), { users: [], problems: [] });
});

t.test("a list whose keys are names is refused before it has filled the memory", async (t) => {
  const keyed = (count: number) => JSON.stringify(Array.from({ length: count }, (_, index) => ({ [`u${index}`]: 1 })));
  t.strictSame(problems(keyed(100_000)), ["1: its entries have 100000 different keys; at most 1000 are read"]);
  t.match(problems(keyed(1_000)), [/^1: no column is known as the login name/]);
});

t.test("columns of other names are named", async (t) => {
  const columns = { loginName: "Kennung", fullName: "Person" };
  t.strictSame(read("Person,Kennung\nAllen Allbrook,allen\n", columns).users, [{ name: "allen", fullName: "Allen Allbrook" }]);
  t.match(problems("a,b\n1,2"), [/^1: no column is known as the login name: name it in directory.columns.loginName; there are a, b$/]);
  t.match(problems("a,b\n1,2", { loginName: "c" }), [/^1: no column is named c, as directory.columns.loginName says; there are a, b$/]);
});

t.test("each bad row is named with its line", async (t) => {
  t.strictSame(problems(`login,fullname\na,A\n,B\nc\na,D\n${"x".repeat(256)},E\n`), [
    "3: the login name is empty",
    "4: the row has 1 cells, and the header 2",
    "5: this login name stands in line 2 already",
    "6: a text is longer than 255 characters",
  ]);
  t.strictSame(problems('[\n{"login":"a"},\n{"login":7},\n\n{"login":"a"}]'), [
    "3: entry 2: login name, full name and e-mail must be texts",
    "5: entry 3: this login name stands in entry 1 already",
  ]);
  t.equal(problems(`login\n${",\n".repeat(500)}`).length, 20, "enough to see that it is the wrong file");
});

t.test("what is neither CSV nor JSON is named with its line, and never quoted", async (t) => {
  t.strictSame(problems('login,x\na,"b\nc,d\n'), ["3: a quote is opened here or above and never closed"]);
  t.strictSame(problems('login,x\na,b"c\n'), ["2: a quote may stand only around a whole cell, and is doubled inside it"]);
  t.strictSame(problems('login,x\na,"b"c\n'), ["2: after a closing quote there must be a delimiter"]);
  t.strictSame(problems('[\n{"login":"a"},\n]\n\n\n'), ["3: this is not JSON"]);
  t.strictSame(problems('[\n{"login":"a"},\n{"login" "b"},\n{"login":"c"}\n]\n'), ["3: this is not JSON"]);
  t.strictSame(problems('[{"login":"a"}'), ["1: this is not JSON"]);
  t.strictSame(problems('[\n// users\n{"login":"a"}]'), ["2: this is not JSON"]);
  t.strictSame(problems('{"login":"a"}'), ["1: the file must be a list (JSON array) of users"]);
  t.strictSame(problems('[\n"a"]'), ["2: entry 1 is not an object"]);
  t.strictSame(problems(""), ["1: the file is empty"]);
});
