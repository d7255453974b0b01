import { Code, ConnectError } from '@connectrpc/connect';
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { CommandLine } from './Copy';
import classes from './parts.module.css';
import { Rose } from './Rose';

// An empty page: one sentence why, the likeliest way out first, and what is nearly there.
// `page`: it is all there is, so its title is the page's.
export function Message({ title, children, ways, more, page = false }: { title: string; children: ReactNode; ways?: ReactNode; more?: ReactNode; page?: boolean }) {
  const Title = page ? 'h1' : 'h2';
  return (
    <div className={classes.message}>
      <Rose size={48} />
      <Title>{title}</Title>
      <p>{children}</p>
      {ways && <div className={classes.messageWays}>{ways}</div>}
      {more && <div className={classes.messageCommand}>{more}</div>}
    </div>
  );
}

// What failed, and what to do about it.
export function Failure({ what, error, retry, page = false }: { what: string; error: unknown; retry: () => void; page?: boolean }) {
  const failure = ConnectError.from(error);
  const again = <Button onClick={retry}>Try again</Button>;
  switch (failure.code) {
    case Code.Unauthenticated:
      return (
        <Message page={page} title="You are not signed in" more={<CommandLine verb="portolan portal" />}>
          From another machine, and through a proxy, the catalog is shown only to those who sign in. On the machine of the
          registry, this command prints a link that signs you in once.
        </Message>
      );
    case Code.PermissionDenied:
      return (
        <Message page={page} title="Not for you to see" ways={again}>
          {failure.rawMessage}
        </Message>
      );
    case Code.NotFound:
      return (
        <Message page={page} title={`${what} is not in the catalog`}>
          It was removed, it is hidden from you, or the address is mistyped.
        </Message>
      );
    default:
      return (
        <Message page={page} title={`${what} could not be read`} ways={again} more={<CommandLine verb="portolan doctor" />}>
          The registry does not answer{failure.rawMessage ? `: ${failure.rawMessage}` : ''}. Calls through the gateways go on meanwhile.
        </Message>
      );
  }
}

export { classes as messageClasses };
