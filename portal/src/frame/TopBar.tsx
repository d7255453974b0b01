import { Button, Kbd, Popover } from '@mantine/core';
import { IconPlugConnectedX, IconPlus, IconSearch } from '../parts/icons';
import { useState } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { useLive } from '../api/live';
import { CommandLine } from '../parts/Copy';
import classes from './frame.module.css';

export function TopBar({ showKeys }: { showKeys: () => void }) {
  const { pathname } = useLocation();
  const { connected } = useLive();
  // Discover has the search itself.
  const bare = pathname === '/discover';
  return (
    <div className={classes.topBar} data-bare={bare || undefined} role="region" aria-label="Top bar">
      {bare ? <span /> : <QuickSearch />}
      <div className={classes.topEnd}>
        <p className={classes.live} role="status">
          {connected ? <span className={classes.dot} aria-hidden="true" /> : <IconPlugConnectedX size={15} stroke={1.5} aria-hidden="true" />}
          {connected ? 'Live' : 'Connecting'}
        </p>
        <button type="button" className={classes.helpKey} onClick={showKeys} aria-label="Keys">
          <Kbd>?</Kbd>
        </button>
        <AddServer />
      </div>
    </div>
  );
}

// Leads to Discover with the words.
function QuickSearch() {
  const navigate = useNavigate();
  const [text, setText] = useState('');
  return (
    <form
      role="search"
      className={classes.quickSearch}
      onSubmit={(event) => {
        event.preventDefault();
        void navigate(`/discover?${new URLSearchParams({ q: text })}`);
      }}
    >
      <IconSearch size={16} stroke={1.5} aria-hidden="true" />
      <input type="search" value={text} onChange={(event) => setText(event.target.value)} placeholder="Search servers and tools" aria-label="Search servers and tools" />
      <Kbd aria-hidden="true">/</Kbd>
    </form>
  );
}

// Servers are added on the command line: what a person types is shown here.
export function AddServer({ primary = false }: { primary?: boolean }) {
  return (
    <Popover position="bottom-end" width={420} withinPortal trapFocus>
      <Popover.Target>
        <Button variant={primary ? 'filled' : 'default'} leftSection={<IconPlus size={15} stroke={1.75} aria-hidden="true" />}>
          Add server
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Add a server">
        <div className={classes.ways}>
          <p>A server that runs somewhere, by its address:</p>
          <CommandLine verb="portolan add" rest="NAME https://HOST/mcp" />
          <p>A server that Portolan starts:</p>
          <CommandLine verb="portolan add" rest="NAME -- COMMAND" />
          <p className="label">It is here as soon as it is stored.</p>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
