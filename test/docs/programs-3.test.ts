import { testThirdOfPrograms } from './stage.js'

testThirdOfPrograms(2)
