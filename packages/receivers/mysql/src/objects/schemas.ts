/** The schemas that the server has for itself. */
const systemSchemas = ["mysql", "performance_schema", "information_schema", "sys", "ndbinfo"] as const;

/** As the list of an IN. */
export const systemSchemaList = systemSchemas.map((name) => `'${name}'`).join(", ");
