import { countDue } from '../../cleanup/cleanup.js'
import type { CleanupModels, CleanupOptions } from '../../cleanup/options.js'
import type { CleanupKind, CleanupProgress } from '../../cleanup/result.js'
import { grouped } from '../text.js'

/** A progress bar on a terminal. */
export interface ProgressWatch {
  readonly onProgress: (progress: CleanupProgress) => unknown
  /** Ends the line of the bar. */
  readonly stop: () => void
}

/** A bar that is on the terminal now. */
interface ShownBar {
  readonly kind: CleanupKind
  readonly total: number
  readonly since: number
}

type Terminal = NodeJS.WritableStream & { columns?: number | undefined }

const LONGEST_BAR = 40
const LONGEST_KIND = 'pendingConversions'.length
const CLEAR_TO_END = '\u001b[K'

/** Counts what is due, for the end of each bar, and shows a bar for one kind of rows after the other. */
export async function watchProgress(
  models: CleanupModels,
  options: CleanupOptions,
  stream: Terminal,
): Promise<ProgressWatch> {
  const due = await countDue(models, options)
  let shown: ShownBar | undefined
  const stop = (): void => {
    if (shown !== undefined) stream.write('\n')
    shown = undefined
  }
  return {
    onProgress(progress) {
      const { kind, deleted, kept, failed } = progress
      if (shown?.kind !== kind && due[kind] > 0) {
        stop()
        shown = { kind, total: due[kind], since: Date.now() }
      }
      if (shown?.kind === kind) {
        stream.write(`\r${barLine(shown, deleted + kept + failed, stream)}${CLEAR_TO_END}`)
      }
      return options.onProgress?.(progress)
    },
    stop,
  }
}

/** `guests  ====----  400/1,000  3s left`, within the width of the terminal. */
function barLine({ kind, total, since }: ShownBar, done: number, { columns = 80 }: Terminal): string {
  const part = Math.min(1, done / total)
  const left = done === 0 ? '' : duration(((Date.now() - since) / 1000 / part) * (1 - part))
  const counts = `${grouped(done)}/${grouped(total)}  ${left.padStart(6)} left`
  const name = kind.padEnd(Math.min(LONGEST_KIND, 8))
  const room = Math.max(0, Math.min(LONGEST_BAR, columns - name.length - counts.length - 4))
  const filled = Math.round(part * room)
  return `${name} ${'='.repeat(filled)}${'-'.repeat(room - filled)} ${counts}`
}

function duration(seconds: number): string {
  if (seconds < 60) return `${String(Math.ceil(seconds))}s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 60 ? `${String(minutes)}m` : `${String(Math.floor(minutes / 60))}h${String(minutes % 60)}m`
}
