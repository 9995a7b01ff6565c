/** The way to what is older, below a list. */
export function More({ readOn }: { readonly readOn: (() => Promise<void>) | undefined }) {
  if (readOn === undefined) return null;
  return (
    <div className="more">
      <button type="button" className="button plain slim" onClick={() => void readOn()}>
        Show older ones
      </button>
    </div>
  );
}
