import { SingleBar } from 'cli-progress'
import { countDue } from '../../cleanup/cleanup.js'
import type { CleanupModels, CleanupOptions } from '../../cleanup/options.js'
import { grouped } from '../text/number.js'
import type { CleanupKind, CleanupProgress } from '../../cleanup/result.js'

/** A bar on stderr for whoever watches. */
export interface ProgressWatch {
  readonly onProgress: (progress: CleanupProgress) => unknown
  /** Leaves the terminal as it was. */
  readonly stop: () => void
}

const LONGEST_BAR = 40
/** What a line has beside the bar and the two counts. */
const WORDS = 'outcomes'.length + ' '.length + ' /  '.length + '1h59m left'.length + 2

/** As long as fits beside the rest of the line. */
function barSize(total: number, { columns = 80 }: { columns?: number | undefined }): number {
  return Math.max(0, Math.min(LONGEST_BAR, columns - WORDS - 2 * grouped(total).length))
}

/** Counts what is due, for the end of the bar, and shows a bar for one kind of rows after the other. */
export async function watchProgress(
  models: CleanupModels,
  options: CleanupOptions,
  stream: NodeJS.WritableStream & { columns?: number | undefined },
): Promise<ProgressWatch> {
  const due = await countDue(models, options)
  let shown: { readonly kind: CleanupKind; readonly bar: SingleBar } | undefined
  const stop = (): void => {
    shown?.bar.stop()
    shown = undefined
  }
  return {
    onProgress(progress) {
      const { kind, deleted, kept, failed } = progress
      if (shown?.kind !== kind && due[kind] > 0) {
        stop()
        const bar = new SingleBar({
          format: `${kind.padEnd(8)} {bar} {value}/{total}  {eta_formatted} left`,
          stream,
          barsize: barSize(due[kind], stream),
          formatValue: (value, _options, type) =>
            type === 'value' || type === 'total' ? grouped(value) : String(value),
          gracefulExit: false, // a signal ends the batch, and then the bar
        })
        bar.start(due[kind], 0)
        shown = { kind, bar }
      }
      if (shown?.kind === kind) shown.bar.update(deleted + kept + failed)
      return options.onProgress?.(progress)
    },
    stop,
  }
}
