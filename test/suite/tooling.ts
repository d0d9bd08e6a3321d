import { runTooling } from './files.js'

runTooling()
