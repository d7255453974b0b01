import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router';
import { signIn } from '../api/client';
import { CommandLine } from '../parts/Copy';
import { Message } from '../parts/Message';

// `/login#TOKEN`: a one-time link. The token is behind the `#`, so it is never sent in a request line or a referrer; it
// leaves the address bar before it is used.
export function Login() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [refused, setRefused] = useState(false);

  useEffect(() => {
    const token = decodeURIComponent(window.location.hash.slice(1));
    if (token === '') {
      setRefused(true);
      return;
    }
    window.history.replaceState(window.history.state, '', '/login');
    signIn(token).then(
      (taken) => {
        if (!taken) return setRefused(true);
        void queries.invalidateQueries();
        void navigate('/', { replace: true });
      },
      () => setRefused(true),
    );
  }, [navigate, queries]);

  return (
    <main data-ready={refused || undefined} aria-busy={!refused}>
      {refused ? (
        <Message page title="This link no longer signs you in" more={<CommandLine verb="portolan portal" />}>
          Each link works once, for a short time. This command prints a new one.
        </Message>
      ) : (
        <p className="unseen">Signing in</p>
      )}
    </main>
  );
}
