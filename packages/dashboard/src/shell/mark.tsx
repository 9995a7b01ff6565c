/** Two boards of a slipway. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0f5c6e" />
      <path d="M6 21.5 26 11v4.2L6 25.7z" fill="#7fd3d8" />
      <path d="M6 14.6 26 6v4L6 18.6z" fill="#fff" />
    </svg>
  );
}
