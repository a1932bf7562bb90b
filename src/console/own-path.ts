/** Where a browser may be sent on to: a path of this console, or its first page. Never elsewhere (an open redirect). */
export function ownPath(text: string | null | undefined): string {
  // A browser reads "//x" and "/\x" as another host, and takes tabs and line ends out before it reads at all.
  if (!text || !/^\/(console\/[\w./?&=%:+~*-]*)?$/.test(text)) return "/";
  const { pathname, search } = new URL(text, "http://own.invalid");
  const isOpen = pathname === "/" || (pathname.startsWith("/console/") && !pathname.startsWith("/console/log-"));
  return isOpen ? `${pathname}${search}` : "/";
}
