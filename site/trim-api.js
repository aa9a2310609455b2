/**
 * The API reference shows what a caller can name or be given: what the doors export, and the types
 * that these lead to, on a shelf of their own. How we made it is left out: classes that no door
 * exports, what only they mention, and constructors that nobody but us calls.
 *
 * Easy to break: a type is looked for through members, signatures and type arguments; what is only
 * mentioned by a comment is not found.
 */
import { makeRecursiveVisitor, ReflectionKind } from "typedoc";

/** The name of the shelf; typedoc.json says the same to the plugin that fills it. */
const SHELF = "more types";

/** @param {import("typedoc").ProjectReflection} project */
export function trimApi(project) {
  const modules = project.getChildrenByKind(ReflectionKind.Module);
  const children = modules.flatMap((module) => module.children ?? []);
  const shelves = children.filter(({ name }) => name === SHELF);
  const exported = children.filter(({ name }) => name !== SHELF);
  const shelved = new Set(shelves.flatMap((shelf) => shelf.children ?? []));
  for (const reflection of exported) removeConstructors(reflection, project);

  const kept = new Set();
  const ahead = [...exported];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    for (const target of targetsOf(next)) {
      const top = topOf(target, shelved);
      if (top === undefined || kept.has(top) || top.kindOf(ReflectionKind.Class)) continue;
      kept.add(top);
      ahead.push(top);
    }
  }
  for (const reflection of shelved) {
    if (!kept.has(reflection)) project.removeReflection(reflection);
  }
  for (const shelf of shelves) {
    if ((shelf.children ?? []).length === 0) project.removeReflection(shelf);
  }
}

/** A constructor without a word about it is ours to call. */
function removeConstructors(reflection, project) {
  for (const member of reflection.getChildrenByKind?.(ReflectionKind.Constructor) ?? []) {
    const isDescribed = (member.signatures ?? []).some((signature) => signature.hasComment());
    if (!isDescribed) project.removeReflection(member);
  }
}

/** All that a reflection and what is in it refer to by a type. */
function targetsOf(reflection) {
  const found = new Set();
  const visitor = makeRecursiveVisitor({
    reference(type) {
      if (type.reflection !== undefined) found.add(type.reflection);
    },
    query({ queryType }) {
      if (queryType.reflection !== undefined) found.add(queryType.reflection);
    },
    reflection({ declaration }) {
      collect(declaration);
    },
  });
  const collect = (one) => {
    for (const type of [one.type, one.default, ...(one.extendedTypes ?? [])]) {
      if (typeof type === "object") type?.visit(visitor);
    }
    for (const parameter of one.typeParameters ?? []) collect(parameter);
    one.traverse((child) => {
      collect(child);
      return true;
    });
  };
  collect(reflection);
  return found;
}

function topOf(reflection, shelved) {
  for (let one = reflection; one !== undefined; one = one.parent) {
    if (shelved.has(one)) return one;
  }
  return undefined;
}
