/**
 * Watches files by what they hold: contents are hashed once a second, by path, and a change counts once two looks agree.
 * That covers what file events miss or tell too early: editors that write a new file and rename it, files that are still
 * being written, links that are put elsewhere (Kubernetes' `..data`), file systems without events (NFS).
 *
 * Contents and not size and time, which a copy may preserve; the files are small.
 */
import { digestFiles, type Watched } from "./digest-files.ts";

export type WatchOptions = {
  /** What has been dealt with, in force or refused; asked at every look, since a load may find other files. */
  handled: () => readonly Watched[];
  /** The files hold something else. Once it resolves, `handled` tells of it, whatever came of it. Must not reject. */
  onChange: () => Promise<void>;
  /** Calls back once after so many milliseconds; the answer cancels it. */
  after: (ms: number, callback: () => void) => () => void;
};

const LOOK_EVERY_MS = 1_000;

/** Answers what ends it. */
export function watchFiles({ handled, onChange, after }: WatchOptions): () => void {
  let seen: string | undefined;
  let ended = false;
  let cancel = after(LOOK_EVERY_MS, () => void look());

  async function look(): Promise<void> {
    const known = handled();
    const digests = await Promise.all(known.map(({ files }) => digestFiles(files)));
    const now = digests.join();
    // Somebody may have asked for a reload since; then this look was at another list of files.
    const changed = known === handled() && now !== known.map(({ digest }) => digest).join();
    const twice = changed && now === seen;
    seen = changed ? now : undefined;
    if (twice && !ended) await onChange();
    if (!ended) cancel = after(LOOK_EVERY_MS, () => void look());
  }

  return () => {
    ended = true;
    cancel();
  };
}
