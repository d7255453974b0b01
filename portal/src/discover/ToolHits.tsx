import { useQueries } from '@tanstack/react-query';
import { Link } from 'react-router';
import { definitionsQuery, useStatuses } from '../api/catalog';
import { serverPath } from '../api/server';
import type { SearchHit } from '../gen/portolan/v1/catalog_service_pb';
import { DefinitionKind_Value } from '../gen/portolan/v1/definitions_pb';
import { effectOf, EffectChip, type Effect } from '../parts/Effect';
import { Monogram } from '../parts/Monogram';
import { plain } from '../parts/plain';
import { HealthStatus } from '../parts/Status';
import classes from './discover.module.css';
import { fieldWord, reasonsOf, sharesOf, termsOf } from './explain';
import { Marked } from './Marked';

const share = (value: number) => value.toFixed(2).replace(/^0/, '');

export function ToolHits({ hits }: { hits: SearchHit[] }) {
  const statuses = useStatuses().data;
  const effects = useEffects([...new Set(hits.map((hit) => hit.server))]);
  return (
    <ol className={classes.hits} aria-label="Tools, best match first">
      {hits.map((hit) => (
        <li key={hit.id} className={classes.hit}>
          <Monogram name={hit.basePath} />
          <div className={classes.hitText}>
            <p className={classes.hitHead}>
              <HitName hit={hit} />
              <EffectChip effect={effects.get(`${hit.server} ${hit.tool}`)} />
            </p>
            <p className={classes.hitDescription}>
              <Marked text={hit.description} terms={termsOf(hit)} />
            </p>
            <Why hit={hit} />
          </div>
          <Score hit={hit} />
          <div className={classes.hitState}>
            <HealthStatus status={statuses?.get(hit.server)} />
          </div>
        </li>
      ))}
    </ol>
  );
}

// What is nearly there: name, description and score.
export function FewHits({ hits }: { hits: SearchHit[] }) {
  return (
    <ol className={classes.hits}>
      {hits.map((hit) => (
        <li key={hit.id} className={`${classes.hit} ${classes.few}`}>
          <Monogram name={hit.basePath} />
          <div>
            <HitName hit={hit} />
            <p className={classes.fewText}>{plain(hit.description)}</p>
          </div>
          <b>{hit.score.toFixed(2)}</b>
        </li>
      ))}
    </ol>
  );
}

function HitName({ hit }: { hit: SearchHit }) {
  return (
    <Link className={`mono ${classes.hitName}`} to={serverPath(hit.server, { tab: 'tools', tool: hit.tool })}>
      <span className={classes.hitServer}>{hit.basePath}.</span>
      <b>
        <Marked text={hit.tool} terms={termsOf(hit)} />
      </b>
    </Link>
  );
}

function Why({ hit }: { hit: SearchHit }) {
  const reasons = reasonsOf(hit.matched).slice(0, 4);
  return (
    <p className={classes.why}>
      {reasons.length > 0 && <span>Why</span>}
      {reasons.map(({ term, field }) => (
        <span key={term}>
          <i>“{term}”</i> in {fieldWord(field)}
        </span>
      ))}
      {hit.required.length > 0 && (
        <span>
          needs <code>{hit.required.join(', ')}</code>
        </span>
      )}
    </p>
  );
}

// The sum, then the fields that gave most of it as thin bars.
function Score({ hit }: { hit: SearchHit }) {
  return (
    <div className={classes.score}>
      <p>
        <b>{hit.score.toFixed(2)}</b> <span className="label">score</span>
      </p>
      {sharesOf(hit.matched, 2).map((one) => (
        <div key={one.field} className={classes.bar} title={`${Math.round(one.share * 100)} % of the score is from the ${fieldWord(one.field)}`}>
          <span>{fieldWord(one.field)}</span>
          <span className={classes.track} aria-hidden="true">
            <span style={{ width: `${Math.round(one.share * 100)}%` }} />
          </span>
          <span>{share(one.share * hit.score)}</span>
        </div>
      ))}
    </div>
  );
}

// What the tools of these servers do, by `SERVER TOOL`: from their annotations, as the definitions come in.
function useEffects(servers: string[]): Map<string, Effect | undefined> {
  return useQueries({
    queries: servers.map((server) => definitionsQuery(server)),
    combine: (answers) => {
      const effects = new Map<string, Effect | undefined>();
      answers.forEach((answer, index) => {
        for (const definition of answer.data?.definitions ?? []) {
          if (definition.kind !== DefinitionKind_Value.TOOL) continue;
          effects.set(`${servers[index]} ${definition.name}`, effectOfDefinition(definition.json));
        }
      });
      return effects;
    },
  });
}

function effectOfDefinition(json: string): Effect | undefined {
  try {
    return effectOf(JSON.parse(json)?.annotations);
  } catch {
    return undefined;
  }
}
