//! Every shader is valid WGSL, fits the limits of WebGPU, and agrees with Rust about the layout of what it is given.

use std::collections::{HashMap, HashSet};
use std::mem::offset_of;
use std::path::{Path, PathBuf};

use headlight::gpu::kernel::{AttendArgs, ProjectArgs, RotateArgs, SHADERS, Shader};
use wgpu::naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use wgpu::naga::{self, AddressSpace, BinaryOperator, Expression, Literal, Module, TypeInner};

/// A float literal this large is not a number that attention needs: it stands for infinity.
const HUGE: f32 = 1e30;

#[test]
fn every_file_is_part_of_a_shader() {
    let kernels = wgsl_files("shaders");
    let fragments = wgsl_files("shaders/shared");
    assert!(!kernels.is_empty() && !fragments.is_empty(), "no WGSL was found; are the tests run from the repository?");

    let mut failures = Vec::new();
    // What a browser downloads is without comments and indentation.
    let code = |text: &str| -> String {
        let lines = text.split_inclusive('\n').map(|line| line.trim_start_matches(' '));
        lines.map(|line| line.split_once("//").map_or(line.to_owned(), |(code, _)| format!("{code}\n"))).collect()
    };
    for (path, text) in &kernels {
        let name = path.file_stem().and_then(|stem| stem.to_str());
        if !SHADERS.iter().any(|shader| Some(shader.name) == name && shader.source.ends_with(&code(text))) {
            failures.push(format!("{} is not the end of the shader of its name", path.display()));
        }
    }
    for (path, text) in &fragments {
        if !SHADERS.iter().any(|shader| shader.source.contains(&code(text))) {
            failures.push(format!("no shader contains {}", path.display()));
        }
    }
    let names: HashSet<&str> = SHADERS.iter().map(|shader| shader.name).collect();
    assert_eq!(kernels.len(), names.len(), "a shader without a file");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_shader_is_valid_and_within_the_default_limits() {
    let failures: Vec<String> = SHADERS
        .iter()
        .filter_map(|shader| check_limits(shader).err().map(|error| format!("{}.wgsl: {error}", shader.name)))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn no_shader_makes_infinity_or_nan() {
    let failures: Vec<String> = SHADERS
        .iter()
        .filter_map(|shader| not_finite(shader.source).map(|trick| format!("{}.wgsl: {trick}", shader.name)))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_known_tricks_for_infinity_and_nan_are_found() {
    for trick in [
        "bitcast<f32>(0x7f800000u + u)",
        "x / 0.0",
        "max(x, -3.4e38)",
        "max(x, -0x1p127)",
        "1.0 / 0.0",
        "0x1p128",
        "unpack2x16float(u).x",
    ] {
        let source = format!("fn trick(x: f32, u: u32) -> f32 {{ return {trick}; }}");
        assert!(not_finite(&source).is_some(), "{trick} was not found");
    }
    assert_eq!(not_finite("fn honest(x: f32) -> f32 { return exp(x - 1.0) / (x + 2.0); }"), None);
}

/// The size of a struct, and its members with their offsets.
type Layout = (usize, Vec<(&'static str, usize)>);

/// `layout!(Struct { member, … })` is the struct's name and [`Layout`].
macro_rules! layout {
    ($name:ident { $($member:ident),+ }) => {
        (stringify!($name), (size_of::<$name>(), vec![$((stringify!($member), offset_of!($name, $member))),+]))
    };
}

#[test]
fn uniforms_are_laid_out_alike_in_rust_and_wgsl() {
    let in_rust: HashMap<&str, Layout> = HashMap::from([
        layout!(RotateArgs { len, head_width, largest }),
        layout!(ProjectArgs { len, input_width, output_width, input_head_width, output_head_width }),
        layout!(AttendArgs {
            query_len,
            key_len,
            key_width,
            head_width,
            value_width,
            heads,
            group,
            first_plane,
            left,
            right,
            mask_batch,
            mask_head,
            mask_query,
            mask_len,
            all_scores,
            factor,
            softcap,
            largest
        }),
    ]);
    let mut compared = HashSet::new();
    for shader in &SHADERS {
        let module = naga::front::wgsl::parse_str(shader.source).expect("checked by another test");
        for (_, variable) in module.global_variables.iter().filter(|(_, v)| v.space == AddressSpace::Uniform) {
            let uniform = &module.types[variable.ty];
            let name = uniform.name.clone().expect("a uniform is a named struct");
            let TypeInner::Struct { members, span } = &uniform.inner else { panic!("{name} is not a struct") };
            let in_wgsl: Vec<(&str, usize)> = members
                .iter()
                .map(|member| (member.name.as_deref().expect("members have names"), member.offset as usize))
                .collect();
            assert_eq!(in_rust.get(&*name), Some(&(*span as usize, in_wgsl)), "{name} in {}.wgsl", shader.name);
            compared.insert(name);
        }
    }
    assert_eq!(compared.len(), in_rust.len(), "a struct in Rust that no shader is given");
}

/// Parses and validates a shader with its constants, and holds it to the limits that every WebGPU device has.
fn check_limits(shader: &Shader) -> Result<(), String> {
    let module = naga::front::wgsl::parse_str(shader.source).map_err(|error| error.emit_to_string(shader.source))?;
    let info = validate(&module, shader.source)?;
    let constants = shader.constants.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
    let (module, _) = naga::back::pipeline_constants::process_overrides(&module, &info, None, &constants)
        .map_err(|error| error.to_string())?;
    let info = validate(&module, shader.source)?;

    let limits = wgpu::Limits::defaults();
    let [entry_point] = &module.entry_points[..] else {
        return Err(format!("has {} entry points, not one", module.entry_points.len()));
    };
    let [x, y, z] = entry_point.workgroup_size;
    if x * y * z > limits.max_compute_invocations_per_workgroup || z > limits.max_compute_workgroup_size_z {
        return Err(format!("a workgroup of {x} × {y} × {z} invocations is too large"));
    }
    let used = |space: fn(AddressSpace) -> bool| {
        let info = info.get_entry_point(0);
        let variables = module.global_variables.iter();
        variables.filter(move |(handle, variable)| space(variable.space) && !info[*handle].is_empty())
    };
    let shared: u32 = used(|space| space == AddressSpace::WorkGroup)
        .map(|(_, variable)| module.types[variable.ty].inner.size(module.to_ctx()))
        .sum();
    if shared > limits.max_compute_workgroup_storage_size {
        return Err(format!("{shared} bytes of workgroup memory are too many"));
    }
    let storage = used(|space| matches!(space, AddressSpace::Storage { .. })).count();
    if storage > limits.max_storage_buffers_per_shader_stage as usize {
        return Err(format!("{storage} storage buffers are too many"));
    }
    Ok(())
}

fn validate(module: &Module, source: &str) -> Result<ModuleInfo, String> {
    Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(module)
        .map_err(|error| error.emit_to_string(source))
}

/// The first way in which this WGSL could make a number that is not finite out of nothing.
fn not_finite(source: &str) -> Option<String> {
    let module = match naga::front::wgsl::parse_str(source) {
        Ok(module) => module,
        // An infinity that is a constant is refused by the language itself.
        Err(error) => return Some(error.emit_to_string(source)),
    };
    let functions = module.functions.iter().map(|(_, function)| function);
    let functions = functions.chain(module.entry_points.iter().map(|entry_point| &entry_point.function));
    let bodies = functions.map(|function| &function.expressions);
    bodies.chain([&module.global_expressions]).find_map(|expressions| {
        expressions.iter().find_map(|(_, expression)| match expression {
            Expression::As { convert: None, .. } => Some("bitcast".to_owned()),
            Expression::Literal(Literal::F32(value)) if value.abs() >= HUGE => Some(format!("{value}")),
            Expression::Binary { op: BinaryOperator::Divide, right, .. }
                if matches!(expressions[*right], Expression::Literal(Literal::F32(0.0))) =>
            {
                Some("a division by 0.0".to_owned())
            }
            Expression::Math { fun, .. } if format!("{fun:?}").starts_with("Unpack") => Some(format!("{fun:?}")),
            _ => None,
        })
    })
}

/// The WGSL files of a folder, with their texts.
fn wgsl_files(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wgsl"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a readable file");
            (path, text)
        })
        .collect()
}
