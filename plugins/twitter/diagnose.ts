/** What stands between this host and X, in the order in which one thing hangs on another: for `perch doctor`. */
import type { DiagnosisLine, DiagnosisRequest, PluginContext } from "../../src/contract.ts";
import type { Service } from "./call.ts";
import { checksOf, diagnoseAccounts } from "./diagnose/accounts.ts";
import { diagnoseApp } from "./diagnose/app.ts";
import { diagnoseWay, skip } from "./diagnose/way.ts";

export async function* diagnose(
  service: Service,
  { accounts }: DiagnosisRequest,
  context: PluginContext,
): AsyncGenerator<DiagnosisLine, void> {
  const ofAccounts = accounts.flatMap(checksOf);
  const broken = yield* diagnoseWay(service.settings, context);
  if (broken !== undefined) {
    yield* skip(["clock", "consumer key", ...ofAccounts], broken);
    return;
  }
  const [clock, key] = await diagnoseApp(service, context);
  yield clock;
  yield key;
  const stopped = [clock, key].find(({ state }) => state === "fail");
  if (stopped) yield* skip(ofAccounts, stopped.check);
  else yield* diagnoseAccounts(service, accounts, context);
}
