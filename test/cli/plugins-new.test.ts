import t from "tap";
import type { NewPluginOptions } from "../../src/cli/machine.ts";
import { runOn } from "./stage.ts";

/** Runs `plugins new` in /desk with a machine that makes what it is told, and keeps what it was asked. */
async function make(...argv: string[]) {
  const asked: NewPluginOptions[] = [];
  const outcome = await runOn(["plugins", "new", ...argv], "/desk", {
    machine: {
      newPlugin: async (options) => {
        asked.push(options);
        if (options.name === "taken") return { ok: false, problems: ["/desk/plugins/taken/index.ts exists"] };
        return {
          ok: true,
          name: options.name,
          module: `/desk/plugins/${options.name}/index.ts`,
          test: "/desk/test.ts",
          node: "/desk/node_modules/node/bin/node",
        };
      },
    },
  });
  return { ...outcome, asked };
}

t.test("it says what was made and what to do next", async (t) => {
  const { status, out, asked } = await make("my-pager");
  t.equal(status, 0);
  t.strictSame(asked, [{ name: "my-pager", filterOnly: false }]);
  for (const line of [
    "plugins/my-pager/index.ts is a plug-in that runs",
    "npx tap test.ts",
    "  - module: my-pager\n",
    "  my-pager:\n",
    "perch check",
  ])
    t.match(out, line);
});

t.test("a filter has no part in the credentials, and a folder of its own is named whole", async (t) => {
  const { out, asked } = await make("my-greeter", "--filter", "--folder", "apart");
  t.strictSame(asked, [{ name: "my-greeter", filterOnly: true, folder: "/desk/apart" }]);
  t.notMatch(out, /credentials/);
  t.match(out, "  - module: /desk/plugins/my-greeter/index.ts\n");
  t.match(out, "  node_modules/node/bin/node test.ts ", "the Node of the checkout: that on the PATH may be too old");
  t.match(out, "npm install typebox tap");
});

t.test("what is made comes as JSON too, and so does a refusal", async (t) => {
  const made = await make("my-pager", "--json");
  t.strictSame(JSON.parse(made.out), { name: "my-pager", module: "/desk/plugins/my-pager/index.ts", test: "/desk/test.ts" });
  const refused = await make("taken", "--json");
  t.equal(refused.status, 1);
  t.strictSame(JSON.parse(refused.out), { ok: false, problems: ["/desk/plugins/taken/index.ts exists"] });
  t.match(await make("taken"), { status: 1, out: "", err: /exists/ });
});

t.test("without a name it is wrong usage", async (t) => {
  t.match(await make(), { status: 2, err: /needs NAME/, asked: [] });
});
