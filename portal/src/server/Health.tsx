import { ConnectError } from '@connectrpc/connect';
import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { IconAlertTriangle, IconCircleX, IconRefresh } from '../parts/icons';
import { applyStatus, useWhoAmI } from '../api/catalog';
import { catalog } from '../api/client';
import { commandName, shortName } from '../api/server';
import { Health_State, StageOutcome_Value, type ServerStatus, type Stage } from '../gen/portolan/v1/catalog_service_pb';
import type { Resource } from '../gen/portolan/v1/resource_pb';
import { Card } from '../parts/Card';
import { CommandLine } from '../parts/Copy';
import { messageClasses } from '../parts/Message';
import { StageStatus } from '../parts/Status';
import { ago, duration, exactly } from '../parts/time';
import classes from './server.module.css';

// The error state: what failed, at which stage, since when, and the way out.
export function Trouble({ resource, status }: { resource: Resource; status: ServerStatus }) {
  const unreachable = status.health === Health_State.UNREACHABLE;
  if (!unreachable && status.health !== Health_State.DEGRADED) return null;
  const failed = failedStage(status);
  const Icon = unreachable ? IconCircleX : IconAlertTriangle;
  return (
    <div className={messageClasses.trouble} role="alert">
      <Icon size={18} stroke={1.75} aria-hidden="true" />
      <div>
        <h2>{failed?.message || status.message || (unreachable ? 'The server does not answer' : 'The server is slow or fails at times')}</h2>
        <p>
          {failed ? `The last check failed at stage ${failed.name}` : 'The last check failed'}
          {status.checkedAtMs > 0n && (
            <>
              , <time title={exactly(status.checkedAtMs)}>{ago(status.checkedAtMs)}</time>
            </>
          )}
          . {unreachable && `Calls to ${shortName(resource)} fail until it answers again${status.tools > 0 ? '; its tools are still listed' : ''}.`}
        </p>
        {failed?.fix && <p>{failed.fix}</p>}
      </div>
    </div>
  );
}

const failedStage = (status: ServerStatus): Stage | undefined => status.stages.find((stage) => stage.outcome === StageOutcome_Value.FAILED);

export function Stages({ resource, status }: { resource: Resource; status: ServerStatus | undefined }) {
  const admin = useWhoAmI().data?.roles.includes('admin');
  const check = useCheck(resource.name);
  const stages = check.stages ?? status?.stages ?? [];
  const note = status && status.checkedAtMs > 0n ? <time title={exactly(status.checkedAtMs)}>{ago(status.checkedAtMs)}</time> : undefined;
  const again = admin && (
    <Button variant="subtle" leftSection={<IconRefresh size={15} stroke={1.5} aria-hidden="true" />} onClick={check.start} disabled={check.running}>
      {check.running ? 'Checking' : 'Check again'}
    </Button>
  );
  return (
    <Card title="Last check" note={note} end={again}>
      {check.failure && (
        <p className={classes.cardEmpty} role="alert">
          Not checked: {check.failure}
        </p>
      )}
      {stages.length === 0 ? (
        <p className={classes.cardEmpty}>Not checked yet. A gateway does so when it is connected.</p>
      ) : (
        <div className={classes.scroll} tabIndex={0} role="region" aria-label="Stages of the last check">
          <table className={`${classes.table} ${classes.stages}`}>
            <thead>
              <tr>
                <th scope="col">Stage</th>
                <th scope="col">Result</th>
                <th scope="col" className={classes.right}>
                  Time
                </th>
              </tr>
            </thead>
            <tbody>
              {stages.map((stage) => (
                <tr key={stage.name}>
                  <th scope="row" className="mono">
                    {stage.name}
                  </th>
                  <td>
                    <StageStatus outcome={stage.outcome} />
                    {stage.message && <p className={`mono ${classes.stageDetail}`}>{stage.message}</p>}
                  </td>
                  <td className={classes.right}>{stage.outcome === StageOutcome_Value.PASSED && stage.milliseconds > 0 ? duration(stage.milliseconds) : '—'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className={classes.cardBody}>
        <CommandLine verb="portolan doctor" rest={commandName(resource)} />
      </div>
    </Card>
  );
}

// A check asked for by a person: its stages as each ends, then the status as everybody sees it.
function useCheck(server: string) {
  const queries = useQueryClient();
  const [stages, setStages] = useState<Stage[]>();
  const [running, setRunning] = useState(false);
  const [failure, setFailure] = useState('');

  async function check() {
    setRunning(true);
    setFailure('');
    setStages([]);
    try {
      for await (const { event } of catalog.probe({ server })) {
        if (event.case === 'stage') setStages((before = []) => [...before, event.value]);
        if (event.case === 'status') applyStatus(queries, event.value);
      }
    } catch (error) {
      setFailure(ConnectError.from(error).rawMessage);
    }
    setStages(undefined);
    setRunning(false);
  }
  return { stages, running, failure, start: () => void check() };
}
