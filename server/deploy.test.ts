import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

// What can be known of deploy/ without an engine that runs it: that it names what there is.

const root = join(import.meta.dirname, '..');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Of everything in the tree, wherever it is. */
function* valuesOf(tree: unknown, key: string): Generator<unknown> {
  if (typeof tree !== 'object' || tree === null) return;
  for (const [name, value] of Object.entries(tree)) {
    if (name === key) yield value;
    yield* valuesOf(value, key);
  }
}

const known = new Set(
  globSync('server/**/*.ts', { cwd: root })
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) => text(file).match(/ANNEAL_[A-Z0-9_]+/g) ?? []),
);

const compose = parse(text('deploy/compose/compose.yaml'), { merge: true });
const documents = ['anneal', 'secret'].flatMap((name) =>
  parseAllDocuments(text(`deploy/kubernetes/${name}.yaml`)).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  }),
);
const ofKind = (kind: string) => documents.find((one) => one.kind === kind) ?? expect.fail(`no ${kind}`);

test('the image is made of files that there are, and of packages in the lock file', () => {
  const lines = text('deploy/Dockerfile').split('\n');
  const copied = lines.flatMap((line) => /^COPY (?!--from)(.+) \S+$/.exec(line)?.[1]?.split(' ') ?? []);
  expect(copied).toContain('server');
  for (const path of copied) expect(existsSync(join(root, path)), path).toBe(true);
  const ignored = text('deploy/Dockerfile.dockerignore').split('\n');
  for (const path of copied) expect(ignored).not.toContain(path);
  expect(JSON.parse(text('package.json')).engines.node).toBeDefined();
  for (const line of lines.filter((one) => one.startsWith('FROM'))) expect(line).toContain('node:24');
});

test('services of the compose file depend on one another and on files, volumes and secrets that there are', () => {
  const services = Object.keys(compose.services);
  expect(services).toEqual(expect.arrayContaining(['anneal-1', 'anneal-2', 'postgres', 'redis', 's3']));
  const secrets = new Set(text('deploy/compose/example.env').match(/^[A-Z0-9_]+(?==)/gm));
  for (const [, name = ''] of text('deploy/compose/compose.yaml').matchAll(/\$\{([A-Z0-9_]+)/g))
    expect(secrets).toContain(name);
  for (const service of Object.values<Record<string, unknown>>(compose.services)) {
    const needs = service.depends_on ?? [];
    const names = Array.isArray(needs) ? needs : Object.keys(needs);
    for (const name of names) expect(services).toContain(name);
    for (const volume of (service.volumes ?? []) as string[]) {
      const [from = ''] = volume.split(':');
      if (from.startsWith('.')) expect(existsSync(join(root, 'deploy/compose', from)), from).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(from);
    }
  }
  const { volumes: one } = compose.services['anneal-1'];
  expect(one).not.toEqual(compose.services['anneal-2'].volumes); // a folder belongs to one server
  const proxied = text('deploy/compose/Caddyfile').match(/anneal-\d:4600/g);
  expect(proxied).toEqual(['anneal-1:4600', 'anneal-2:4600']);
});

test('servers are told nothing that they do not know', () => {
  const told = [
    ...Object.keys(compose.services['anneal-1'].environment),
    ...Object.keys(ofKind('Secret').stringData),
    ...[...valuesOf(ofKind('StatefulSet'), 'env')].flatMap((env) =>
      (env as { readonly name: string }[]).map(({ name }) => name),
    ),
  ];
  expect(told).toContain('ANNEAL_REDIS_URL');
  for (const name of told) expect(known).toContain(name);
  const options = text('server/main.ts');
  for (const command of [compose.services['anneal-1'].command, ...valuesOf(ofKind('StatefulSet'), 'args')])
    for (const option of (command as string[]).filter((word) => word.startsWith('--')))
      expect(options).toContain(`'${option.slice(2)}'`);
});

test('what Kubernetes asks and selects is there', () => {
  const { spec } = ofKind('StatefulSet');
  const { labels } = spec.template.metadata;
  for (const selector of [
    ...documents.flatMap((one) => [...valuesOf(one, 'matchLabels')]),
    ofKind('Service').spec.selector,
  ])
    expect(labels).toMatchObject(selector as object);
  const probes = text('server/http/probes.ts');
  for (const { path, port } of documents.flatMap(
    (one) => [...valuesOf(one, 'httpGet')] as { readonly path: string; readonly port: string }[],
  )) {
    expect(probes).toContain(`'${path}'`);
    expect(port).toBe('http');
  }
  const [container] = spec.template.spec.containers;
  expect(container.ports).toEqual([{ name: 'http', containerPort: 4600 }]);
  expect(text('deploy/Dockerfile')).toContain('EXPOSE 4600');
  const volumes = [
    ...spec.template.spec.volumes,
    ...spec.volumeClaimTemplates.map((one: { metadata: object }) => one.metadata),
  ];
  const mounted = container.volumeMounts.map(({ name }: { name: string }) => name);
  expect(volumes.map(({ name }: { name: string }) => name).sort()).toEqual(mounted.sort());
  expect(container.envFrom[0].secretRef.name).toBe(ofKind('Secret').metadata.name);
  expect(ofKind('Ingress').spec.rules[0].http.paths[0].backend.service.name).toBe(
    ofKind('Service').metadata.name,
  );
});
