import { DbintelError } from "@dbintel/errors";
import { bankAccounts } from "./bank-account.ts";
import { contacts } from "./contact.ts";
import { credentials } from "./credential.ts";
import { actsAt, type Detector, type SensitivityLevel, sensitivityLevels } from "./detector.ts";
import { nationalIds } from "./national-id.ts";
import { networkAddresses } from "./network-address.ts";
import { paymentCards } from "./payment-card.ts";
import { vendorKeys } from "./vendor-key.ts";

/** All detectors. Where two find the same text, it is called what the earlier one calls it. */
const detectors: readonly Detector[] = [
  ...vendorKeys,
  ...credentials,
  ...paymentCards,
  ...bankAccounts,
  ...nationalIds,
  ...contacts,
  ...networkAddresses,
];

/** The detectors that act at a sensitivity level. Throws `DBI_CONFIG_INVALID` for any other text: it would find nothing. */
export function detectorsAt(level: SensitivityLevel): readonly Detector[] {
  if (!sensitivityLevels.includes(level)) {
    const hint = `one of ${sensitivityLevels.join(", ")}`;
    throw new DbintelError(`"${level}" is no level of sensitivity`, { code: "DBI_CONFIG_INVALID", hint });
  }
  return detectors.filter((detector) => actsAt(detector.level, level));
}

/** Every entity that a detector of this package finds, in alphabetical order. */
export const entities: readonly string[] = [...new Set(detectors.map(({ entity }) => entity))].sort();
