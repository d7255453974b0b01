import { Button } from '@mantine/core';
import { Link } from 'react-router';
import { Message } from '../parts/Message';
import { Page } from './Page';

export function NotFound() {
  return (
    <Page title="No such page" ready>
      <Message page title="No such page" ways={<Button variant="filled" component={Link} to="/discover">Discover servers and tools</Button>}>
        The address leads nowhere in this portal.
      </Message>
    </Page>
  );
}
