import { decodeForm, type Pair } from "./signature.ts";

/** A form body as parameters in order, repeats included: they are part of the signature (RFC 5849 section 3.4.1.3.1). */
export class FormBody {
  readonly pairs: readonly Pair[];
  constructor(text: string) {
    this.pairs = decodeForm(text);
  }
}
