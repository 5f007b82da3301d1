#!/usr/bin/env node
import "../dist/bin/lcd-rmmod.js";
