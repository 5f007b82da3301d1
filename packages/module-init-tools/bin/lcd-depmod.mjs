#!/usr/bin/env node
import "../dist/bin/lcd-depmod.js";
