import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconCircleX, IconCompass, IconMoon, IconSun } from '../parts/icons';
import { Link, useLocation } from 'react-router';
import { useDescribe, useGateways, useServers, useStatuses, useWhoAmI } from '../api/catalog';
import { useLive } from '../api/live';
import { serverPath, shortName } from '../api/server';
import { Health_State } from '../gen/portolan/v1/catalog_service_pb';
import { Monogram } from '../parts/Monogram';
import { Rose } from '../parts/Rose';
import { HealthStatus } from '../parts/Status';
import { number, plural } from '../parts/time';
import classes from './frame.module.css';
import { usePins } from './pins';

export function Rail() {
  const { pathname } = useLocation();
  const inDiscover = pathname === '/discover';
  return (
    <nav id="rail" className={classes.rail} aria-label="Portal">
      <Link to="/discover" className={`${classes.brand} ${classes.railBrand}`}>
        <Rose /> Portolan
      </Link>
      <ul className={classes.entries}>
        <li>
          <Link to="/discover" className={classes.entry} aria-current={inDiscover ? 'page' : undefined}>
            <IconCompass size={17} stroke={1.5} aria-hidden="true" />
            <span>Discover</span>
          </Link>
        </li>
      </ul>
      <Pinned />
      <div className={classes.railFoot}>
        <InStep />
        <WhoAmI />
      </div>
    </nav>
  );
}

// The servers this browser pinned, with their state when it is not the good one.
function Pinned() {
  const { pathname } = useLocation();
  const { pins } = usePins();
  const servers = useServers().data;
  const statuses = useStatuses().data;
  const pinned = pins.flatMap((name) => servers?.byName.get(name) ?? []);
  if (pinned.length === 0) return null;
  return (
    <>
      <p className={`label ${classes.railLabel}`}>Pinned servers</p>
      <ul className={classes.entries}>
        {pinned.map((resource) => {
          const path = serverPath(resource.name);
          const status = statuses?.get(resource.name);
          const troubled = status?.health === Health_State.DEGRADED || status?.health === Health_State.UNREACHABLE;
          return (
            <li key={resource.name}>
              <Link to={path} className={classes.entry} aria-current={pathname === path ? 'page' : undefined}>
                <Monogram name={shortName(resource)} size={20} />
                <span>{shortName(resource)}</span>
                {troubled && <HealthStatus status={status} />}
              </Link>
            </li>
          );
        })}
      </ul>
    </>
  );
}

// The promise that is always on the screen: what the catalog says is what every gateway does.
function InStep() {
  const { data: fleet } = useGateways();
  const { data: described } = useDescribe();
  const live = useLive();
  const connected = fleet?.gateways.filter((gateway) => gateway.connected) ?? [];
  // The revision of the catalog, as heard by whoever heard last.
  const revision = [live.revision, described?.revision ?? 0n, ...connected.map((gateway) => gateway.revision)].reduce((a, b) => (a > b ? a : b));
  const behind = connected.filter((gateway) => gateway.revision < live.revision).length;

  let look = { Icon: IconCircleCheck, tone: classes.ok, text: `${plural(connected.length, 'gateway')} in step` };
  if (fleet === undefined) look = { Icon: IconCircleDashed, tone: classes.quiet, text: 'Gateways' };
  else if (connected.length === 0) look = { Icon: IconCircleX, tone: classes.bad, text: 'No gateway is connected' };
  else if (behind > 0) look = { Icon: IconAlertTriangle, tone: classes.warn, text: `${behind} of ${plural(connected.length, 'gateway')} behind` };
  return (
    <div className={classes.inStep}>
      <p className={look.tone}>
        <look.Icon size={16} stroke={1.75} aria-hidden="true" /> {look.text}
      </p>
      <p>
        <span>Revision</span> <span>{revision > 0n ? number(revision) : '—'}</span>
      </p>
    </div>
  );
}

function WhoAmI() {
  const { data } = useWhoAmI();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const principal = data?.principal || 'anonymous';
  const signedIn = principal !== 'anonymous';
  const other = scheme === 'dark' ? 'light' : 'dark';
  const Icon = scheme === 'dark' ? IconSun : IconMoon;
  return (
    <div className={classes.who}>
      <Monogram name={signedIn ? principal.slice(principal.indexOf('/') + 1) : '–'} size={22} />
      <div>
        <p title={principal}>{signedIn ? principal.slice(principal.indexOf('/') + 1) : 'Not signed in'}</p>
        <p className="label">{signedIn ? data?.roles.join(', ') || 'no role' : 'reading only'}</p>
      </div>
      <button type="button" className={classes.iconButton} onClick={() => setColorScheme(other)} aria-label={`Use the ${other} colours`}>
        <Icon size={17} stroke={1.5} aria-hidden="true" />
      </button>
    </div>
  );
}
