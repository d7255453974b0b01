import { createTheme, Button, Checkbox, Kbd, Modal, Popover, SegmentedControl, Skeleton, TextInput, Tooltip } from '@mantine/core';
import classes from './components.module.css';

const buttons: Record<string, Record<string, string>> = {
  default: { '--button-bg': 'var(--surface)', '--button-color': 'var(--t1)', '--button-hover': 'var(--sunken)', '--button-bd': '1px solid var(--line2)' },
  filled: { '--button-bg': 'var(--accent)', '--button-color': 'var(--on-accent)', '--button-hover': 'var(--accent)', '--button-bd': '1px solid transparent' },
  subtle: { '--button-bg': 'transparent', '--button-color': 'var(--t2)', '--button-hover': 'var(--sunken)', '--button-bd': '1px solid transparent' },
};

// Mantine drawn with our tokens. Its variables come from tokens.css and not from a style element made at run time,
// which the page's Content-Security-Policy would refuse; so no component may use responsive style props.
export const theme = createTheme({
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({
      defaultProps: { variant: 'default' },
      classNames: { root: classes.button },
      vars: (_theme, { variant }) => ({ root: { '--button-height': '30px', '--button-padding-x': '12px', '--button-fz': '13px', ...buttons[variant ?? 'default'] } }),
    }),
    Checkbox: Checkbox.extend({ defaultProps: { size: 'xs' }, classNames: { body: classes.checkboxBody, input: classes.checkbox, label: classes.checkboxLabel } }),
    Kbd: Kbd.extend({ classNames: { root: classes.kbd } }),
    Modal: Modal.extend({ defaultProps: { lockScroll: false, centered: true, padding: 16, radius: 8 }, classNames: { content: classes.floating, header: classes.modalHeader, title: classes.modalTitle } }),
    Popover: Popover.extend({ defaultProps: { shadow: 'none', radius: 8 }, classNames: { dropdown: classes.floating } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: 'xs', withItemsBorders: false, transitionDuration: 0 }, classNames: { root: classes.segments, indicator: classes.segment, label: classes.segmentLabel } }),
    Skeleton: Skeleton.extend({ classNames: { root: classes.skeleton } }),
    TextInput: TextInput.extend({ classNames: { input: classes.input } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300 }, classNames: { tooltip: classes.tooltip } }),
  },
});
