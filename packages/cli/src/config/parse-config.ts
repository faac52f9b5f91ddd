import { ConfigError } from '@baal/core';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import type { ExperimentConfig } from './config.ts';
import { configJsonSchema, configSchema } from './config-schema.ts';
import { type ConfigIssue, describeIssues, pathText } from './describe-issues.ts';
import type { KeySchema } from './known-keys.ts';

/**
 * An experiment from the text of a config file (YAML, of which JSON is a part), with all defaults
 * filled in. Paths in it stay as they are.
 *
 * @throws ConfigError with one line a complaint: file, line, key, what is wrong, expected, got, remedy.
 */
export function parseConfig(text: string, path: string): ExperimentConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = document.errors[0];
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0]);
    if (broken.code === 'MULTIPLE_DOCS') {
      throw new ConfigError(
        `${path}:${line}:${col}: more than one document, expected one experiment a file, got another one ` +
          "after '---'; put it into a file of its own",
      );
    }
    const message = broken.message.split('\n')[0] ?? '';
    throw new ConfigError(`${path}:${line}:${col}: not YAML, ${lowerFirst(message)}`);
  }
  const value: unknown = document.toJS();
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const schema = configJsonSchema() as KeySchema;
  const issues = describeIssues(parsed.error.issues, value, schema).map((issue) => ({
    line: lineOf(document, lines, issue),
    issue,
  }));
  issues.sort((a, b) => a.line - b.line);
  throw new ConfigError(
    issues
      .map(
        ({ line, issue }) => `${path}:${line}: ${pathText(issue.path) || 'config'}: ${issue.text}`,
      )
      .join('\n'),
  );
}

/** The line of the place that an issue is about, or of the nearest thing around it. */
function lineOf(document: Document, lines: LineCounter, issue: ConfigIssue): number {
  for (let depth = issue.path.length; depth > 0; depth--) {
    const parent: unknown =
      depth === 1 ? document.contents : document.getIn(issue.path.slice(0, depth - 1), true);
    const step = issue.path[depth - 1];
    if (isMap(parent)) {
      const pair = parent.items.find(
        (item) => isNode(item.key) && String(item.key) === String(step),
      );
      if (isNode(pair?.key) && pair.key.range) return lines.linePos(pair.key.range[0]).line;
    } else {
      const node = document.getIn(issue.path.slice(0, depth), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
  }
  return 1;
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
