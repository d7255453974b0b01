// How each editor is connected to an endpoint: a link that its editor opens, or text to paste.

export interface Editor {
  id: string;
  name: string;
  hint: string;
  // The editor's word for `portolan connect`; none when the command line does not write its configuration.
  connect?: string;
  link?: (name: string, url: string) => string;
  // To paste: into `file`, or into a terminal.
  snippet: (name: string, url: string) => { file?: string; text: string };
}

const json = (value: unknown) => JSON.stringify(value, null, 2);

export const editors: Editor[] = [
  {
    id: 'cursor',
    name: 'Cursor',
    hint: 'One click',
    connect: 'cursor',
    link: (name, url) => `cursor://anysphere.cursor-deeplink/mcp/install?${new URLSearchParams({ name, config: btoa(JSON.stringify({ url })) })}`,
    snippet: (name, url) => ({ file: '~/.cursor/mcp.json', text: json({ mcpServers: { [name]: { url } } }) }),
  },
  {
    id: 'vscode',
    name: 'VS Code',
    hint: 'One click',
    connect: 'vscode',
    link: (name, url) => `vscode:mcp/install?${encodeURIComponent(JSON.stringify({ name, type: 'http', url }))}`,
    snippet: (name, url) => ({ file: '.vscode/mcp.json', text: json({ servers: { [name]: { type: 'http', url } } }) }),
  },
  {
    id: 'claude-code',
    name: 'Claude Code',
    hint: 'One command',
    connect: 'claude-code',
    snippet: (name, url) => ({ text: `claude mcp add --transport http ${name} ${url}` }),
  },
  {
    id: 'other',
    name: 'Other client',
    hint: 'JSON to copy',
    snippet: (name, url) => ({ file: 'mcp.json', text: json({ mcpServers: { [name]: { type: 'streamable-http', url } } }) }),
  },
];
