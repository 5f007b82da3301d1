/** What tests of the module tools, and of packages that use them, need: an environment in memory and made modules. */
export { type ModuleContent, makeModule } from "./make-module";
export { type TestEnvironment, type TestOptions, testEnvironment } from "./test-environment";
