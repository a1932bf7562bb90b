/** `Client`: the message is wrong. The other two are SOAP 1.1's own (section 4.4.1). */
export type RefusalCode = "Client" | "MustUnderstand" | "VersionMismatch";

/** A message that is no call: what is wrong with it, said in one sentence, and answered as a fault. */
export class SoapRefusal extends Error {
  override name = "SoapRefusal";
  readonly code: RefusalCode;
  constructor(sentence: string, code: RefusalCode = "Client") {
    super(sentence);
    this.code = code;
  }
}
