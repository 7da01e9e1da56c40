export { KeptState } from "@dbintel/watching";
