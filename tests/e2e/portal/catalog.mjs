// The servers that the tests add to the demo's: some to find and filter, one that does not answer, one that is hostile.

const server = (name, spec) => `kind: Server\nname: ${name}\nspec: ${JSON.stringify(spec)}\n`;

export const hostileTitle = '<img src=x onerror=alert(1)> "quoted"';
export const hostileDescription = '<script>alert(2)</script> [click](javascript:alert(3)) \u202Edesrever ' + 'W'.repeat(200);

export function manifests(url) {
  const streamable_http = { url };
  return [
    server('io.github.acme/pager', {
      description: 'Incidents, on-call schedules and escalation policies.',
      endpoint: { streamable_http },
      owner: 'Platform',
      tags: ['operations', 'support'],
      website_url: 'https://pager.acme.example/',
    }),
    server('io.github.acme/charts', {
      description: 'Dashboards and alerts.',
      endpoint: { streamable_http },
      owner: 'Observability',
      tags: ['operations'],
      lifecycle: 'PREVIEW',
    }),
    server('local/nobody', {
      description: 'Answers at a port where nothing listens.',
      endpoint: { streamable_http: { url: 'http://127.0.0.1:9/mcp' } },
      owner: 'Data',
      lifecycle: 'DEPRECATED',
    }),
    server('local/hostile', {
      title: hostileTitle,
      description: hostileDescription,
      endpoint: { streamable_http },
      owner: 'javascript:alert(4)',
      tags: ['hostile'],
    }),
  ].join('---\n');
}

