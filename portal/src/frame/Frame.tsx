import { Kbd, Modal } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { IconMenu2, IconX } from '../parts/icons';
import { useEffect } from 'react';
import { Link, Outlet, useLocation } from 'react-router';
import { Rose } from '../parts/Rose';
import classes from './frame.module.css';
import { Rail } from './Rail';
import { TopBar } from './TopBar';

const shortcuts = [
  ['/', 'Search servers and tools'],
  ['?', 'These keys'],
  ['Esc', 'Close, or clear the search'],
] as const;

// Rail, top bar and the page between them. Below 900 px the rail opens over the page.
export function Frame() {
  const [keysShown, keys] = useDisclosure(false);
  const [railOpen, rail] = useDisclosure(false);
  const { pathname } = useLocation();

  useEffect(() => {
    rail.close();
    window.scrollTo(0, 0);
  }, [pathname]);

  useHotkeys([
    [
      '/',
      () => {
        const box = document.querySelector<HTMLInputElement>('input[type="search"]');
        box?.focus();
        box?.select();
      },
    ],
    ['shift+?', keys.toggle],
    ['Escape', rail.close],
  ]);

  return (
    <div className={classes.frame} data-rail={railOpen || undefined}>
      <a className={classes.skip} href="#main">
        Skip to the content
      </a>
      <header className={classes.phoneBar}>
        <Link to="/discover" className={classes.brand}>
          <Rose /> Portolan
        </Link>
        <button type="button" className={classes.iconButton} onClick={rail.toggle} aria-expanded={railOpen} aria-controls="rail" aria-label={railOpen ? 'Close the menu' : 'Open the menu'}>
          {railOpen ? <IconX size={20} stroke={1.5} /> : <IconMenu2 size={20} stroke={1.5} />}
        </button>
      </header>
      <Rail />
      <div className={classes.page}>
        <TopBar showKeys={keys.open} />
        <Outlet />
      </div>
      <Modal opened={keysShown} onClose={keys.close} title="Keys" size={360} closeButtonProps={{ 'aria-label': 'Close' }}>
        <dl className={classes.keys}>
          {shortcuts.map(([key, meaning]) => (
            <div key={key}>
              <dt>
                <Kbd>{key}</Kbd>
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
      </Modal>
    </div>
  );
}
