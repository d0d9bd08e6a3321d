import { runPart } from './files.js'

runPart(0)
