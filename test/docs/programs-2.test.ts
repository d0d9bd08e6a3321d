import { testThirdOfPrograms } from './stage.js'

testThirdOfPrograms(1)
