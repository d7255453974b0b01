import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconCircleX } from './icons';
import { Health_State, StageOutcome_Value, type ServerStatus } from '../gen/portolan/v1/catalog_service_pb';
import classes from './parts.module.css';

// A state is an icon and its word, never colour alone.
const health = {
  [Health_State.UNSPECIFIED]: { word: 'Not checked', Icon: IconCircleDashed, tone: classes.quiet },
  [Health_State.HEALTHY]: { word: 'Healthy', Icon: IconCircleCheck, tone: classes.ok },
  [Health_State.DEGRADED]: { word: 'Degraded', Icon: IconAlertTriangle, tone: classes.warn },
  [Health_State.UNREACHABLE]: { word: 'Unreachable', Icon: IconCircleX, tone: classes.bad },
};
const stages = {
  [StageOutcome_Value.UNSPECIFIED]: { word: 'Not reached', Icon: IconCircleDashed, tone: classes.quiet },
  [StageOutcome_Value.PASSED]: { word: 'Passed', Icon: IconCircleCheck, tone: classes.ok },
  [StageOutcome_Value.FAILED]: { word: 'Failed', Icon: IconCircleX, tone: classes.bad },
  [StageOutcome_Value.SKIPPED]: { word: 'Not needed', Icon: IconCircleDashed, tone: classes.quiet },
};

function Word({ look }: { look: (typeof health)[Health_State] }) {
  return (
    <span className={`${classes.status} ${look.tone}`}>
      <look.Icon size={16} stroke={1.75} aria-hidden="true" />
      {look.word}
    </span>
  );
}

export const HealthStatus = ({ status }: { status: ServerStatus | undefined }) => (
  <Word look={health[status?.health ?? Health_State.UNSPECIFIED] ?? health[Health_State.UNSPECIFIED]} />
);

export const StageStatus = ({ outcome }: { outcome: StageOutcome_Value }) => (
  <Word look={stages[outcome] ?? stages[StageOutcome_Value.UNSPECIFIED]} />
);
