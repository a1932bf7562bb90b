/** What the WSDL declares, and all that this door answers. */
export const PERCH = "urn:perch:soap";
/** SOAP 1.1, section 3. */
export const SOAP_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/";
export const SOAP_12_ENVELOPE = "http://www.w3.org/2003/05/soap-envelope";
export const XSI = "http://www.w3.org/2001/XMLSchema-instance";
/** Web Services Security 1.0 (OASIS, March 2004): the one that AR System's Username Token follows. */
export const WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
export const WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
