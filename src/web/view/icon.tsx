/**
 * Line icons on a grid of 24, drawn for this page.
 *
 * @module
 */

import type { ComponentChild } from "preact";

const ICON_PATHS = {
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M7 7h10v10H7z",
  undo: "M9 7L4 12l5 5M4 12h10a6 6 0 0 1 6 6",
  redo: "M15 7l5 5-5 5M20 12H10a6 6 0 0 0-6 6",
  again: "M20 11a8 8 0 1 0-2.3 6M20 5v6h-6",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  save: "M6 4h12v16l-6-4-6 4z",
  more: "M5 12h14M13 6l6 6-6 6",
  left: "M14 6l-6 6 6 6",
  right: "M10 6l6 6-6 6",
  fork: "M7 4v16M7 14c0-4 10-2 10-7M17 7V4",
  load: "M4 12h12M11 7l5 5-5 5M20 4v16",
  down: "M12 4v11M7 10l5 5 5-5M5 20h14",
  up: "M12 15V4M7 9l5-5 5 5M5 20h14",
  memory:
    "M9 3v3M15 3v3M9 18v3M15 18v3M3 9h3M3 15h3M18 9h3M18 15h3M6 6h12v12H6z",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  gear:
    "M4 7h9M17 7h3M4 17h3M11 17h9M15 5a2 2 0 1 1 0 4 2 2 0 0 1 0-4M9 15a2 2 0 1 1 0 4 2 2 0 0 1 0-4",
  device: "M3 5h18v11H3zM9 20h6M12 16v4",
  server: "M4 4h16v6H4zM4 14h16v6H4zM7.5 7h.5M7.5 17h.5",
  chart: "M4 4v16h16M7 15l4-5 3 3 5-7",
  chat: "M4 5h16v11H10l-4 4v-4H4z",
  grid: "M4 4h16v16H4zM4 9.3h16M4 14.6h16M9.3 4v16M14.6 4v16",
} as const;

/** What an icon shows. */
export type IconName = keyof typeof ICON_PATHS;

/** An icon; the element around it says in words what it stands for. */
export function Icon({ name }: { name: IconName }): ComponentChild {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={ICON_PATHS[name]} />
    </svg>
  );
}

/** A button with an icon, named for those who cannot see it. */
export function IconButton(
  { icon, label, onClick, disabled = false }: {
    icon: IconName;
    label: string;
    onClick: () => void;
    disabled?: boolean;
  },
): ComponentChild {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

/** A gosling, looking left. */
export function Mark(): ComponentChild {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path
        class="mark-body"
        d="M9.5 12.5c0 5-5 6-5 10.5 0 4 4.5 6 11 6 8 0 13-4 13-11 0-1.2-1.5-1.4-2.3-.5-1.7 2-4 2.8-6.7 2.3-2-.4-2.5-2-2.5-4.3 0-1.5.5-2.5.5-4.5a5.5 5.5 0 0 0-10.5-2.200L2.5 11c-.8.4-.5 1.5.4 1.5z"
      />
      <circle class="mark-eye" cx="11" cy="9.6" r="1.1" />
    </svg>
  );
}
