import { useLocalStorage } from '@mantine/hooks';

// Servers pinned to the rail, by name; kept by this browser.
export function usePins() {
  const [pins, setPins] = useLocalStorage<string[]>({ key: 'portolan-pins', defaultValue: [], getInitialValueInEffect: false });
  return {
    pins,
    toggle: (name: string) => setPins((now) => (now.includes(name) ? now.filter((pin) => pin !== name) : [...now, name])),
  };
}
