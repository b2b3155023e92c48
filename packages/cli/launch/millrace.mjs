#!/usr/bin/env node
// The `millrace` command, as `npx millrace …` finds it.

import { launch } from './launch.mjs';

process.exitCode = await launch('millrace', process.argv.slice(2));
