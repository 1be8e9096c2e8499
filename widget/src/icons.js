import { svg } from "lit";

const icon = (path) => svg`<svg viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d=${path}></path></svg>`;

export const icons = {
  close: icon("M5 5l10 10M15 5L5 15"),
  back: icon("M12 4l-6 6 6 6"),
  menu: icon("M3.5 5.5h13M3.5 10h13M3.5 14.5h8"),
  send: icon("M10 16V4M4.5 9.5L10 4l5.5 5.5"),
  attach: icon("M15.5 9l-5.8 5.8a3.4 3.4 0 0 1-4.8-4.8l6-6a2.3 2.3 0 0 1 3.2 3.2l-5.9 5.9a1.1 1.1 0 0 1-1.6-1.6L12 6.1"),
  person: icon("M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM4 17c.4-3.2 2.8-5 6-5s5.600 1.800 6 5"),
  down: icon("M10 4v12M4.500 10.500L10 16l5.500-5.500"),
  file: icon("M6 3h5.500L15 6.500V17H6zM11.500 3v3.500H15"),
};
