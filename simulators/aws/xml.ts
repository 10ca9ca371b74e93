/** One element. Text is escaped when it is rendered, never before. */
export type XmlNode = {
  readonly name: string;
  readonly namespace?: string;
  readonly content: string | readonly XmlNode[];
};

/** What may stand inside an element; null leaves the element out, which is how AWS says "absent". */
export type XmlContent = string | number | boolean | readonly (XmlNode | null)[];

/** Builds an element from text or from its children. */
export function element(name: string, content: XmlContent, namespace?: string): XmlNode {
  const inner = Array.isArray(content)
    ? content.filter((child): child is XmlNode => child !== null && typeof child === 'object')
    : String(content);
  return namespace === undefined ? { name, content: inner } : { name, namespace, content: inner };
}

/** An element that is left out when its value is absent. */
export const optional = (name: string, value: string | number | null): XmlNode | null =>
  value === null ? null : element(name, value);

/** A list in the form of the query protocol: `<Name><member>..</member></Name>`. */
export const memberList = (name: string, members: readonly XmlContent[]): XmlNode =>
  element(
    name,
    members.map((member) => element('member', member)),
  );

/** The document as AWS sends it, with its declaration. */
export const renderXml = (root: XmlNode): string => `<?xml version="1.0" encoding="UTF-8"?>\n${render(root)}`;

function render(node: XmlNode): string {
  const inner = typeof node.content === 'string' ? escapeXml(node.content) : node.content.map(render).join('');
  const attribute = node.namespace === undefined ? '' : ` xmlns="${node.namespace}"`;
  return `<${node.name}${attribute}>${inner}</${node.name}>`;
}

/** Escapes text for element content; a carriage return would otherwise be normalized away by parsers. */
export const escapeXml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#xD;');
