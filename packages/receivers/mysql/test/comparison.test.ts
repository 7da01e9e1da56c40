import { describeComparison } from "@dbintel/e2e/comparison";

describeComparison(new URL("../", import.meta.url), { features: 43 });
