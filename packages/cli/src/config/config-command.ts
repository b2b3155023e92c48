import { ITEM_STREAM_CONFIG, USER_STREAM_CONFIG } from '@millrace/pipeline';
import { ConfigError, describeConfig, readConfig, type ConfigFields } from '@millrace/runtime';
import { defineCommand } from '../command/command.ts';
import { EXIT } from '../command/exit-codes.ts';
import { describeValue } from '../command/output.ts';
import { oneOfWords } from '../command/parse-options.ts';
import { UsageError } from '../command/usage-error.ts';

const SERVICES: Readonly<Record<'user-stream' | 'item-stream', ConfigFields>> = {
  'user-stream': USER_STREAM_CONFIG,
  'item-stream': ITEM_STREAM_CONFIG,
};
const NAMES = ['user-stream', 'item-stream'] as const;

export const configCommand = defineCommand({
  name: 'config',
  summary: 'show the settings of a service, and what they are set to',
  usage: '--service SERVICE [--print]',
  about: `Lists every setting of a service: key, environment variable, what is allowed, unit and default. With --print it reads the configuration as the service would, from the environment and the file that MILLRACE_CONFIG names, and shows each value and where it comes from; secrets are masked. Everything that is wrong with it is said at once.

Use --print in the surroundings of a service (its container, its unit) to see what it would start with, or to check a configuration before rolling it out.`,
  examples: [
    ['millrace config --service user-stream', 'what can be set'],
    ['MILLRACE_SHARDS=64 millrace config --service user-stream --print', 'what it would be set to here'],
  ],
  exitCodes: [[EXIT.ok, 'shown, and with --print: nothing is wrong with it']],
  options: {
    service: { type: 'string', value: 'SERVICE', doc: `${NAMES.join(' or ')}.` },
    print: { type: 'boolean', doc: 'Show the present values and where they come from.' },
  },
  words: [0, 0],
  async run({ options, env, output }) {
    if (options.service === undefined) throw new UsageError(`Say which service: --service ${NAMES.join(' or --service ')}.`);
    const schema = SERVICES[oneOfWords('--service', options.service, NAMES)];
    // Services share their environment, so what another one reads is no mistake.
    const foreignKeys = Object.values(SERVICES).flatMap((other) => Object.keys(other));
    const read = options.print ? readConfig(schema, { env, foreignKeys }) : undefined;
    const rows = describeConfig(schema, read);
    output.object({ service: options.service, settings: rows, problems: read?.problems ?? [] });
    for (const { key, env: variable, allowed, unit, default: otherwise, doc, value, origin, type } of rows) {
      const about = { variable, type, allowed, unit, default: otherwise === '' ? 'none' : (otherwise ?? 'must be set'), value, from: origin };
      output.text(`${key}\n  ${doc}\n${describeValue(about, '  ')}`);
    }
    if (read !== undefined && read.problems.length > 0) throw new ConfigError(read.problems);
    return EXIT.ok;
  },
});
