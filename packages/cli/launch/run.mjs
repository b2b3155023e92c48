#!/usr/bin/env node
// Behind `npm start`, `npm test` and `npm run …`: makes a fresh clone able to run, then runs the entry that was asked for.
// This file and those that it imports must work on Node 20 with no package installed.

import { launch } from './launch.mjs';

const [command = '', ...args] = process.argv.slice(2);
process.exitCode = await launch(command, args);
