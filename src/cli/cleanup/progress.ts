import { SingleBar } from 'cli-progress'
import { countDue } from '../../cleanup/count-due.js'
import type { CleanupModels, CleanupOptions } from '../../cleanup/options.js'
import type { CleanupKind, CleanupProgress } from '../../cleanup/result.js'

/** A bar on stderr for whoever watches. */
export interface ProgressWatch {
  readonly onProgress: (progress: CleanupProgress) => unknown
  /** Leaves the terminal as it was. */
  readonly stop: () => void
}

/** Counts what is due, for the end of the bar, and shows a bar for one kind of rows after the other. */
export async function watchProgress(
  models: CleanupModels,
  options: CleanupOptions,
  stream: NodeJS.WritableStream,
): Promise<ProgressWatch> {
  const due = await countDue(models, options)
  let shown: { readonly kind: CleanupKind; readonly bar: SingleBar } | undefined
  const stop = (): void => {
    shown?.bar.stop()
    shown = undefined
  }
  return {
    onProgress(progress) {
      const { kind, deleted, kept, blocked } = progress
      if (shown?.kind !== kind && due[kind] > 0) {
        stop()
        const bar = new SingleBar({
          format: `${kind.padEnd(8)} {bar} {value}/{total}  {eta_formatted} left`,
          stream,
          gracefulExit: false, // a signal ends the batch, and then the bar
        })
        bar.start(due[kind], 0)
        shown = { kind, bar }
      }
      if (shown?.kind === kind) shown.bar.update(deleted + kept + blocked)
      return options.onProgress?.(progress)
    },
    stop,
  }
}
