/** Whether a browser opens it as a page: what a plug-in answers could be any text, and a link any scheme. */
export const isWebAddress = (text: string): boolean => /^https?:\/\//.test(text);
