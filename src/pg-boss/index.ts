export { scheduleCleanup, type ScheduledCleanup } from './schedule-cleanup.js'
export type { ScheduleCleanupOptions } from './options.js'
