// TypeDoc plugin: a field of an anonymous type, as in `pool: { size: number }`, is described by what has the
// type. Fields of interfaces and classes, and everything else that is exported, need words of their own.
import { Converter, ReflectionKind } from 'typedoc';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_END, ({ project }) => {
    const fields = project.getReflectionsByKind(
      ReflectionKind.Property | ReflectionKind.CallSignature,
    );
    const anonymous = fields.filter((field) => {
      // TypeDoc asks for no words in parameters, and looks for those of a function type at its owner.
      if (field.hasComment() || isInside(field, ReflectionKind.Parameter)) return false;
      const isFunctionType =
        field.kindOf(ReflectionKind.CallSignature) &&
        field.parent?.kindOf(ReflectionKind.TypeLiteral);
      return !isFunctionType && isInside(field, ReflectionKind.TypeLiteral);
    });
    const names = anonymous.map((field) => field.getFriendlyFullName());
    app.options.setValue('intentionallyNotDocumented', [...new Set(names)]);
  });
}

/** @param {import('typedoc').Reflection} reflection @param {ReflectionKind} kind */
function isInside({ parent }, kind) {
  for (let owner = parent; owner; owner = owner.parent) if (owner.kindOf(kind)) return true;
  return false;
}
