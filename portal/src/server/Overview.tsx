import { Link } from 'react-router';
import { useDefinitions, useDescribe, useGateways } from '../api/catalog';
import { descriptionOf, onChangeOf, safeLink, serverPath, specOf, tailOf, transportOf } from '../api/server';
import type { ServerStatus } from '../gen/portolan/v1/catalog_service_pb';
import { DefinitionKind_Value } from '../gen/portolan/v1/definitions_pb';
import type { Resource } from '../gen/portolan/v1/resource_pb';
import { Card } from '../parts/Card';
import { Chip } from '../parts/Chip';
import { EffectChip } from '../parts/Effect';
import { plain } from '../parts/plain';
import { ago, exactly, number, plural } from '../parts/time';
import { Connect } from './Connect';
import { readTool } from './definition';
import { Stages, Trouble } from './Health';
import classes from './server.module.css';

// Tools shown here; the tab has all.
const fewTools = 5;

interface Props {
  resource: Resource;
  status: ServerStatus | undefined;
  editor: string;
  setEditor: (id: string) => void;
}

export function Overview({ resource, status, editor, setEditor }: Props) {
  const described = useDescribe().data;
  const definitions = useDefinitions(resource.name).data;
  const server = specOf(resource);
  if (server === undefined) return null;
  const gateway = described?.gatewayPublicUrl.replace(/\/$/, '');
  const instructions = plain(definitions?.info?.instructions ?? '');
  return (
    <div className={classes.overview}>
      <div className={classes.overviewMain}>
        {status && <Trouble resource={resource} status={status} />}
        {server.basePath === '' ? (
          <Card title="Connect">
            <p className={classes.cardEmpty}>This server is external: it is found and installed from the catalog, and no gateway routes to it.</p>
          </Card>
        ) : (
          gateway && <Connect basePath={server.basePath} url={`${gateway}/${server.basePath}/mcp`} editor={editor} setEditor={setEditor} />
        )}
        <section className={classes.prose} aria-label="Description">
          {(descriptionOf(server) || 'No description.').split(/\n{2,}/).map((paragraph, index) => (
            <p key={index}>{paragraph}</p>
          ))}
          {instructions && (
            <>
              <h2>What the server tells the model</h2>
              <p className={classes.instructions}>{instructions}</p>
            </>
          )}
        </section>
        <SomeTools name={resource.name} />
      </div>
      <div className={classes.overviewSide}>
        <About resource={resource} />
        <Stages resource={resource} status={status} />
      </div>
    </div>
  );
}

function SomeTools({ name }: { name: string }) {
  const { data, isPending } = useDefinitions(name);
  if (isPending) return null;
  const tools = (data?.definitions ?? []).filter((definition) => definition.kind === DefinitionKind_Value.TOOL);
  if (tools.length === 0) {
    return (
      <Card title="Tools">
        <p className={classes.cardEmpty}>None yet: they are here as soon as a gateway has listed them.</p>
      </Card>
    );
  }
  return (
    <Card
      title="Tools"
      note={number(tools.length)}
      end={
        <Link to={serverPath(name, { tab: 'tools' })} className={classes.all}>
          All {number(tools.length)}
        </Link>
      }
    >
      <table className={`${classes.table} ${classes.someTools}`}>
        <thead>
          <tr>
            <th scope="col">Tool</th>
            <th scope="col">What it does</th>
            <th scope="col">Effect</th>
          </tr>
        </thead>
        <tbody>
          {tools.slice(0, fewTools).map((definition) => {
            const tool = readTool(definition);
            return (
              <tr key={definition.name}>
                <th scope="row" className="mono">
                  <Link to={serverPath(name, { tab: 'tools', tool: definition.name })}>{plain(definition.name)}</Link>
                </th>
                <td>
                  <p className={classes.clamp}>{tool.description}</p>
                </td>
                <td>
                  <EffectChip effect={tool.effect} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Card>
  );
}

function About({ resource }: { resource: Resource }) {
  const gateways = useGateways().data?.gateways.filter((gateway) => gateway.connected);
  const protocol = useDefinitions(resource.name).data?.info?.protocolRevisions ?? [];
  const server = specOf(resource)!;
  const endpoint = server.endpoint?.transport;
  const serving = gateways?.filter((gateway) => gateway.revision >= resource.revision).length;
  const audiences = server.visibility?.audiences ?? [];
  return (
    <Card title="About">
      <dl className={classes.facts}>
        <Fact name="Owner">{server.owner || '—'}</Fact>
        <Fact name="Who may see it">{audiences.length === 0 || audiences.includes('public') ? 'Everybody' : audiences.join(', ')}</Fact>
        <Fact name="Transport">{transportOf(server)}</Fact>
        {(endpoint?.case === 'streamableHttp' || endpoint?.case === 'sse') && (
          <Fact name="Runs at">
            <span className="mono">{endpoint.value.url}</span>
          </Fact>
        )}
        {endpoint?.case === 'stdio' && (
          <Fact name="Command">
            <span className="mono">{[endpoint.value.command, ...endpoint.value.args].join(' ')}</span>
          </Fact>
        )}
        {protocol.length > 0 && <Fact name="Speaks">{protocol.join(', ')}</Fact>}
        <Fact name="On change">{onChangeOf(server)}</Fact>
        {server.tags.length > 0 && (
          <Fact name="Tags">
            <span className={classes.tags}>
              {server.tags.map((tag) => (
                <Link key={tag} to={`/discover?${new URLSearchParams({ tag })}`}>
                  <Chip>{tag}</Chip>
                </Link>
              ))}
            </span>
          </Fact>
        )}
        <Outside name="Website" url={server.websiteUrl} />
        <Outside name="Source" url={server.repositoryUrl} />
        {resource.createdAtMs > 0n && (
          <Fact name="Added">
            <time title={exactly(resource.createdAtMs)}>{ago(resource.createdAtMs)}</time>
          </Fact>
        )}
        <Fact name="Revision">
          {number(resource.revision)}
          {gateways && gateways.length > 0 && (
            <span className={classes.quiet}>
              {' '}
              · on {serving} of {plural(gateways.length, 'gateway')}
            </span>
          )}
        </Fact>
      </dl>
    </Card>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

// A link out of the portal; text when it is none that a person should follow.
function Outside({ name, url }: { name: string; url: string }) {
  if (url === '') return null;
  const link = safeLink(url);
  return (
    <Fact name={name}>
      {link ? (
        <a href={link} target="_blank" rel="noopener noreferrer nofollow">
          {tailOf(link.replace(/^https?:\//, '')).replace(/\/$/, '')}
        </a>
      ) : (
        <span className="mono">{url}</span>
      )}
    </Fact>
  );
}
